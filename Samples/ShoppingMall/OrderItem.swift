import Bkend

/// A line of an order. The table keeps all lines as one JSON text, as the price and the name were when it was ordered.
struct OrderItem: Codable {
    var productId: Reference<Product>
    var name: String
    var price: Int
    var quantity: Int
}

extension Order {
    /// An order of some items, to be sent to an address.
    init(_ items: [OrderItem], to address: String) throws {
        self.init(
            items: String(decoding: try JSON(encoding: items).serialized(), as: UTF8.self),
            totalPrice: items.reduce(0) { $0 + $1.price * $1.quantity }, status: .pending, shippingAddress: address)
    }

    /// What was ordered.
    var lines: [OrderItem] { get throws { try JSON(parsing: Array(items.utf8)).decode() } }
}
