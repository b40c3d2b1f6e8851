import ArgumentParser
import Bkend
import SampleDevice

struct ProductsCommand: DeviceCommand {
    static let configuration = CommandConfiguration(commandName: "products", abstract: "Shows the products.")
    @Option(help: "Only those of a category.") var category: String?
    @Option(help: "Only those with at most so many in stock.") var stock: Int?
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        var query = device.products.where { $0.isActive == true }.order(by: \.price).order(by: \.name)
        if let category { query = query.where { $0.category == category } }
        if let stock { query = query.where { $0.stock <= stock } }
        let products = try await query.limit(20).fetch()
        for product in products { say("\(product.name)  \(product.price)  \(product.stock) in stock") }
        say("\(products.count) of \(counted(try await query.count(), "product"))")
    }
}

struct ReviewCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "review", abstract: "Reviews a product that you have ordered, or shows its reviews.")
    @Argument(help: "The product's name.") var name: String
    @Argument(help: "What you think, in 10 to 1000 characters.") var content: String?
    @Option(help: "Stars, 1 to 5.") var rating = 5
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        let product = Reference(try await device.product(name))
        guard let content else { return try await show(product, on: device) }
        for order in try await device.orders.order(by: \.createdAt, .descending).fetch()
        where try order.model.lines.contains(where: { $0.productId == product }) {
            try await device.reviews.create(
                Review(productId: product, orderId: Reference(order), rating: rating, content: content))
            return say("thank you")
        }
        throw SampleError("only who has ordered \(name) can review it")
    }

    private func show(_ product: Reference<Product>, on device: Device) async throws {
        let reviews = device.reviews.where { $0.productId == product }.order(by: \.rating, .descending)
        for review in try await reviews.fetch() {
            say("\(review.rating) of 5: \(review.content)\(review.syncState.mark)")
        }
        say(counted(try await reviews.count(), "review"))
    }
}
