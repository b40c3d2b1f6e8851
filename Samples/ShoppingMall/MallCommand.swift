import ArgumentParser
import SampleDevice

/// A shop for the terminal whose customers need no network to look and to order; README.md beside this file walks
/// through it.
@main
struct MallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mall",
        abstract: "A shop: products, a cart, orders and reviews.",
        subcommands: [
            ProductsCommand.self, CartCommand.self, OrderCommand.self, OrdersCommand.self, RepairCommand.self,
            ReviewCommand.self, SyncCommand.self, OutboxCommand.self, SeedCommand.self, DeskCommand.self,
        ])
}
