import ArgumentParser
import Bkend
import SampleDevice

struct CartCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "cart", abstract: "Shows the cart, or sets how many of a product are in it.")
    @Argument(help: "The product's name.") var name: String?
    @Argument(help: "How many; 0 removes it.") var quantity = 1
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        if let name {
            let product = Reference(try await device.product(name))
            if quantity > 0 {
                // One line for each product: putting it in again changes the line.
                try await device.carts.upsert(Cart(productId: product, quantity: quantity), by: \.productId)
            } else {
                try await device.carts.where { $0.productId == product }.deleteAll()
            }
        }
        let items = try await device.cart()
        for item in items { say("\(item.quantity) × \(item.name)  \(item.price)") }
        say("total \(items.reduce(0) { $0 + $1.price * $1.quantity })")
    }
}

extension Device {
    /// The cart at the prices that this device knows, by name. Products that are gone are left out.
    func cart() async throws -> [OrderItem] {
        let lines = try await carts.fetch()
        let products = try await products.get(lines.map(\.productId))
        return lines.compactMap { line in
            products[line.productId].map { product in
                OrderItem(
                    productId: line.productId, name: product.name, price: product.price, quantity: line.quantity)
            }
        }
        .sorted { $0.name < $1.name }
    }
}
