import ArgumentParser
import Bkend
import SampleDevice

struct PlanCommand: DeviceCommand {
    static let configuration = CommandConfiguration(commandName: "plan", abstract: "Plans a meal.")
    @Argument(help: "The day.") var day: Day
    @Argument(help: "breakfast, lunch, dinner or snack.") var meal: String
    @Argument(help: "The recipe's title.") var title: String
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        let recipe = try await device.recipe(title)
        // One recipe for each meal: planning again changes the plan.
        let plan = MealPlan(
            date: day.text, mealType: MealPlan.MealType(rawValue: meal), recipeId: Reference(recipe),
            servings: recipe.servings)
        try await device.mealPlans.upsert(plan, by: \.date, \.mealType)
    }
}

struct WeekCommand: DeviceCommand {
    static let configuration = CommandConfiguration(commandName: "week", abstract: "Shows the meals of seven days.")
    @Argument(help: "The first day.") var day: Day
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        let plans = try await device.week(day)
        let recipes = try await device.recipes.get(plans.map(\.recipeId))
        for plan in plans {
            let title = recipes[plan.recipeId]?.title ?? "a recipe that is gone"
            say("\(plan.date) \(plan.mealType.rawValue): \(title)\(plan.syncState.mark)")
        }
    }
}

extension Device {
    /// The meals of seven days, in order. Days are compared as text.
    func week(_ first: Day) async throws -> [Record<MealPlan>] {
        let last = first.text(after: 6)
        let plans = mealPlans.where { $0.date >= first.text && $0.date <= last }
        return try await plans.order(by: \.date).order(by: \.createdAt).fetch().records
    }
}
