// Made by `bkend generate swift` from the definitions of tables. Changes are lost when it is made again.

import Bkend
import Foundation

/// A record of the table `carts`.
@Table("carts")
struct Cart: Hashable {
    var productId: Reference<Product>
    /// At least 1.
    var quantity: Int
}

/// A record of the table `orders`.
@Table("orders")
struct Order: Hashable {
    var items: String
    /// At least 1.
    var totalPrice: Int
    var status: Status
    /// At least 10 characters.
    var shippingAddress: String
    var recipientName: String?
    var recipientPhone: String?

    /// What `status` may be. Another value, of a later version of the schema, is kept as it is.
    struct Status: RawRepresentable, Codable, Hashable, Sendable, TextValue, RangeValue {
        var rawValue: String

        init(rawValue: String) { self.rawValue = rawValue }

        static let pending = Status(rawValue: "pending")
        static let confirmed = Status(rawValue: "confirmed")
        static let shipped = Status(rawValue: "shipped")
        static let delivered = Status(rawValue: "delivered")
    }
}

/// A record of the table `products`.
@Table("products")
struct Product: Hashable {
    /// At most 200 characters.
    var name: String
    var description: String
    /// At least 0.
    var price: Int
    var category: String
    /// At least 0.
    var stock: Int
    var imageUrl: String?
    var isActive = true
}

/// A record of the table `reviews`.
@Table("reviews")
struct Review: Hashable {
    var productId: Reference<Product>
    var orderId: Reference<Order>
    /// From 1 to 5.
    var rating: Int
    /// From 10 to 1000 characters.
    var content: String
}
