import ArgumentParser
import SampleDevice

/// A recipe book for the terminal that works without a network; README.md beside this file walks through it.
@main
struct RecipesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recipes",
        abstract: "Recipes, meal plans and shopping lists that can be read and written without a network.",
        subcommands: [
            ListCommand.self, ShowCommand.self, AddCommand.self, PhotoCommand.self, CookedCommand.self,
            PlanCommand.self, WeekCommand.self, ShopCommand.self, BuyCommand.self, SeedCommand.self,
            SyncCommand.self, OutboxCommand.self,
        ])
}
