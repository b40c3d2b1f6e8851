import ArgumentParser
import Bkend
import SampleDevice

struct OrderCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "order", abstract: "Orders what is in the cart, and waits for the server to take the order.",
        discussion: """
            Without a network the order waits on this device, and the next sync sends it. The prices are then those that \
            the device knew; the shop confirms an order only at its own.
            """)
    @Argument(help: "Where to send it.") var address: String
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        try await checkProducts(on: device)
        let items = try await device.cart()
        if items.isEmpty { throw SampleError("the cart is empty") }
        let order = try Order(items, to: address)
        // The order and the empty cart are one transaction: there is never an order whose cart is still full.
        let placed = try await device.store.write { store in
            let carts = store.table(Cart.self)
            for line in try carts.query.fetch() { try carts.delete(line) }
            return try store.table(Order.self).create(order)
        }
        say("order over \(order.totalPrice)")
        try await device.follow(placed)
    }

    /// Asks the server for the price and stock of what is in the cart, if it can be reached.
    private func checkProducts(on device: Device) async throws {
        for item in try await device.cart() {
            guard let product = try await device.newest(item.productId) else { return }
            if product.price != item.price { say("\(product.name) costs \(product.price) now, not \(item.price)") }
            if product.stock < item.quantity {
                throw SampleError("only \(product.stock) of \(product.name) are left: change the cart")
            }
        }
    }
}

extension Device {
    /// A product as the server has it now; nil without a network.
    fileprivate func newest(_ product: Reference<Product>) async throws -> Record<Product>? {
        do { return try await products.download(product.id) } catch let error as BkendError {
            guard case .transport = error.reason else { throw error }
            return nil
        }
    }

    /// Sends an order and waits until the server has taken it, or can't be reached.
    func follow(_ order: Record<Order>) async throws {
        try await subscribe()
        try await store.sync.start()
        let status = await store.sync.settled()
        if status.state == .offline { return say("no network: the order is safe here, and the next sync sends it") }
        do throws(StoreError) {
            let taken = try await order.confirmed()
            say("the shop has it: \(taken.id)")
        } catch {
            guard case .rejected(let failure) = error.reason else { throw error }
            say("the shop can't take it: \(failure.message)")
            say("repair it: mall repair --address …, or mall repair --discard")
        }
    }
}
