import Bkend
import SampleDevice

extension Device {
    var recipes: LocalTable<Recipe> { store.table(Recipe.self) }
    var ingredients: LocalTable<Ingredient> { store.table(Ingredient.self) }
    var mealPlans: LocalTable<MealPlan> { store.table(MealPlan.self) }
    var shoppingLists: LocalTable<ShoppingList> { store.table(ShoppingList.self) }
    var cookingLogs: LocalTable<CookingLog> { store.table(CookingLog.self) }

    /// A recipe by its title.
    func recipe(_ title: String) async throws -> Record<Recipe> {
        guard let recipe = try await recipes.where({ $0.title == title }).first() else {
            throw SampleError("there is no recipe for \(title)")
        }
        return recipe
    }

    /// What a recipe needs, in order.
    func ingredients(of recipe: Reference<Recipe>) async throws -> [Record<Ingredient>] {
        try await ingredients.where { $0.recipeId == recipe }.order(by: \.orderIndex).fetch().records
    }

    /// Stores a recipe with its ingredients, all of it or nothing.
    func add(_ recipe: Recipe, needing parts: [IngredientArgument]) async throws {
        try await store.write { store in
            // The recipe's id is a local one as yet. The ingredients are sent after it, with the server's id in its place.
            let recipe = Reference(try store.table(Recipe.self).create(recipe))
            for (index, part) in parts.enumerated() {
                try store.table(Ingredient.self).create(
                    Ingredient(
                        recipeId: recipe, name: part.name, amount: part.amount, unit: part.unit, orderIndex: index))
            }
        }
    }
}
