import ArgumentParser
import Bkend
import SampleDevice

struct ListCommand: DeviceCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Shows the recipes.")
    @Option(help: "Only those that take at most so many minutes.") var within: Int?
    @Option(help: "easy, medium or hard.") var difficulty: String?
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        var query = device.recipes.order(by: \.title)
        if let within { query = query.where { $0.cookingTime <= within } }
        if let difficulty { query = query.where { $0.difficulty == Recipe.Difficulty(rawValue: difficulty) } }
        for recipe in try await query.limit(20).fetch() {
            say("\(recipe.title), \(recipe.cookingTime) min, \(recipe.difficulty.rawValue)\(recipe.syncState.mark)")
        }
        say(counted(try await query.count(), "recipe"))
    }
}

struct ShowCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a recipe, how it was, and what it needs.")
    @Argument(help: "The recipe's title.") var title: String
    @Option(help: "For how many people.") var servings: Int?
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        let recipe = try await device.recipe(title)
        say("\(recipe.title) for \(servings ?? recipe.servings)\(recipe.syncState.mark)")
        for part in try await device.ingredients(of: Reference(recipe)) {
            say("   \(part.scaled(by: Double(servings ?? recipe.servings) / Double(recipe.servings))) \(part.name)")
        }
        say("   \(recipe.description)")
        let logs = try await device.cookingLogs.where { $0.recipeId == Reference(recipe) }.fetch()
        let ratings = logs.compactMap(\.rating)
        guard !ratings.isEmpty else { return }
        let average = Double(ratings.reduce(0, +)) / Double(ratings.count)
        say("   cooked \(logs.count) times, \(average) stars")
    }
}

extension Record where Model == Ingredient {
    /// The amount for another number of people. What isn't a number, a pinch for example, stays as it is.
    func scaled(by factor: Double) -> String {
        guard let number = Double(model.amount) else { return "\(model.amount) \(model.unit)" }
        let scaled = number * factor
        return (scaled == scaled.rounded() ? "\(Int(scaled))" : "\(scaled)") + " \(model.unit)"
    }
}
