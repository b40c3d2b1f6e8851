import ArgumentParser
import Bkend
import SampleDevice

struct AddCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds a recipe with its ingredients: all of it, or nothing.")
    @Argument(help: "What it is called.") var title: String
    @Argument(help: "How it is made.") var description: String
    @Option(name: .customLong("ingredient"), help: "An ingredient as name:amount:unit. May be repeated.")
    var parts: [IngredientArgument] = []
    @Option(help: "How long it takes.") var minutes = 30
    @Option(help: "easy, medium or hard.") var difficulty = "easy"
    @Option(help: "For how many people.") var servings = 2
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        let recipe = Recipe(
            title: title, description: description, cookingTime: minutes,
            difficulty: Recipe.Difficulty(rawValue: difficulty), servings: servings)
        try await device.add(recipe, needing: parts)
        say("\(title): \(counted(parts.count, "ingredient"))")
    }
}

struct CookedCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "cooked", abstract: "Notes that something was cooked, and how it was.")
    @Argument(help: "The recipe's title.") var title: String
    @Argument(help: "Stars, 1 to 5.") var rating: Int
    @Argument(help: "The day.") var day: Day
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        let recipe = Reference(try await device.recipe(title))
        try await device.cookingLogs.create(CookingLog(recipeId: recipe, rating: rating, cookedAt: day.text))
    }
}
