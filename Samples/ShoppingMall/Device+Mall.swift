import Bkend
import SampleDevice

extension Device {
    var products: LocalTable<Product> { store.table(Product.self) }
    var carts: LocalTable<Cart> { store.table(Cart.self) }
    var orders: LocalTable<Order> { store.table(Order.self) }
    var reviews: LocalTable<Review> { store.table(Review.self) }

    /// What this device keeps. Prices, stock and the state of an order are the shop's to decide: where both sides have
    /// changed one, the server's value stays.
    func subscribe() async throws {
        try await store.subscribe(to: products.where { $0.isActive == true }, conflicts: .serverWins)
        guard !userID.isEmpty else { return }
        try await store.subscribe(to: carts)
        try await store.subscribe(to: orders, conflicts: .serverWins)
        try await store.subscribe(to: reviews)
    }

    /// A product by its name.
    func product(_ name: String) async throws -> Record<Product> {
        guard let product = try await products.where({ $0.name == name }).first() else {
            throw SampleError("there is no product \(name) here: sync")
        }
        return product
    }
}
