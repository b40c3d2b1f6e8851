import ArgumentParser
import Bkend
import SampleDevice

struct OrdersCommand: DeviceCommand {
    static let configuration = CommandConfiguration(commandName: "orders", abstract: "Shows your orders, newest first.")
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        for order in try await device.orders.order(by: \.createdAt, .descending).limit(20).fetch() {
            let items = try order.model.lines.map { "\($0.quantity) × \($0.name)" }.joined(separator: ", ")
            say("\(order.status.rawValue)  \(order.totalPrice)  \(items)\(order.syncState.mark)")
        }
    }
}

struct RepairCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair", abstract: "Corrects the order that the shop rejected, or gives it up.")
    @Option(help: "Where to send it instead.") var address: String?
    @Flag(help: "Gives the order up.") var discard = false
    @OptionGroup var options: DeviceOptions

    func validate() throws {
        guard (address != nil) != discard else { throw ValidationError("choose one of --address and --discard") }
    }

    func run(on device: Device) async throws {
        let outbox = device.store.outbox
        let rejected = try await outbox.deadLetters().first { $0.table == Order.tableName }
        guard let rejected else { throw SampleError("no order was rejected") }
        if let address {
            try await outbox.edit(rejected.id, set: ["shippingAddress": .string(address)])
            try await outbox.retry(rejected.id)
            guard let order = try await device.orders.get(rejected.record) else { return }
            try await device.follow(order)
        } else {
            try await outbox.discard(rejected.id)
            say("given up")
        }
    }
}

struct SyncCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Sends what waits, fetches what is new, and ends.")
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        try await device.subscribe()
        try await device.sync()
    }
}
