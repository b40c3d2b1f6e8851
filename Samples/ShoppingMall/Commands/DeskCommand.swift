import ArgumentParser
import Bkend
import Foundation
import SampleDevice

/// The shop's own side. It has a secret key, which may do everything, and needs no local store: it decides what is true.
protocol ShopCommand: AsyncParsableCommand {
    var shop: ShopOptions { get }
    func run(on client: BkendClient) async throws
}

struct ShopOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where the server is.", valueName: "url")) var server: String
    @Option(help: ArgumentHelp("The file with what bkend-server init printed.", valueName: "file")) var keys: String
}

extension ShopCommand {
    mutating func run() async throws {
        do {
            let keys = try JSON(parsing: [UInt8](Data(contentsOf: URL(filePath: shop.keys))))
            guard let key = keys["secretKey"]?.stringValue else { throw SampleError("\(shop.keys) has no secret key") }
            var options = ClientOptions()
            options.logger.logLevel = .critical
            let client = try BkendClient(url: shop.server, key: key, options: options)
            do { try await run(on: client) } catch {
                await client.shutdown()
                throw error
            }
            await client.shutdown()
        } catch let error as any LocalizedError { throw SampleError("\(error)") }
    }
}

struct SeedCommand: ShopCommand {
    static let configuration = CommandConfiguration(commandName: "seed", abstract: "Puts products into the shop.")
    @Option(help: "How many.") var count = 60
    @OptionGroup var shop: ShopOptions

    func validate() throws {
        guard (1...10_000).contains(count) else { throw ValidationError("--count is 1 to 10000") }
    }

    func run(on client: BkendClient) async throws {
        let products = client.table(Product.self)
        let progress = Progress("products")
        for start in stride(from: 0, to: count, by: 100) {
            let numbers = start..<min(start + 100, count)
            // One request, all of its products or none.
            try await products.createAll(
                numbers.map { number in
                    Product(
                        name: "Chair \(number + 1)", description: "Four legs.", price: 20 + number, category: "chairs",
                        stock: 1 + number % 7)
                })
            progress.show(numbers.upperBound, of: count)
        }
        progress.clear()
        say("\(counted(count, "product")) in the shop")
    }
}

struct DeskCommand: ShopCommand {
    static let configuration = CommandConfiguration(
        commandName: "desk", abstract: "The shop's desk: changes prices, and confirms the orders that can be served.")
    @Option(help: "A product whose price changes, as name:price.") var price: PriceArgument?
    @OptionGroup var shop: ShopOptions

    func run(on client: BkendClient) async throws {
        if let price {
            let product = client.table(Product.self).where { $0.name == price.name }
            let result = try await product.updateAll { $0.price = price.price }
            return say("\(counted(result.done.count, "product")) changed")
        }
        let pending = client.table(Order.self).where { $0.status == .pending }
        for try await order in pending.all() { say(try await decide(order, client)) }
    }

    /// Confirms an order if its prices are today's and everything is in stock, and takes it out of the stock.
    private func decide(_ order: Record<Order>, _ client: BkendClient) async throws -> String {
        let (orders, table) = (client.table(Order.self), client.table(Product.self))
        // An order is what a customer's device says: the shop looks at all of it.
        guard let lines = try? order.model.lines, lines.allSatisfy({ $0.quantity > 0 }),
            order.totalPrice == lines.reduce(0, { $0 + $1.price * $1.quantity })
        else { return "waiting: the order isn't complete" }
        let products = try await table.get(lines.map(\.productId))
        for line in lines {
            guard let product = products[line.productId], product.stock >= line.quantity else {
                return "waiting: \(line.name) is out of stock"
            }
            guard product.price == line.price else { return "waiting: \(line.name) costs \(product.price) now" }
        }
        for line in lines { try await table.update(line.productId.id) { $0.stock -= line.quantity } }
        try await orders.update(order) { $0.status = .confirmed }
        return "confirmed: \(order.totalPrice)"
    }
}

/// A product's new price as it is given on the command line: `Chair 1:25`.
struct PriceArgument: ExpressibleByArgument {
    let name: String
    let price: Int

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), let price = Int(argument[argument.index(after: colon)...])
        else { return nil }
        (name, self.price) = (String(argument[..<colon]), price)
    }
}
