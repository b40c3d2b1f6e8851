// Made by `bkend generate swift` from the definitions of tables. Changes are lost when it is made again.

import Bkend
import Foundation

/// A record of the table `cooking_logs`.
@Table("cooking_logs")
struct CookingLog: Hashable {
    var recipeId: Reference<Recipe>?
    /// From 1 to 5.
    var rating: Int?
    var notes: String?
    var cookedAt: String?
}

/// A record of the table `ingredients`.
@Table("ingredients")
struct Ingredient: Hashable {
    var recipeId: Reference<Recipe>
    var name: String
    var amount: String
    var unit: String
    var orderIndex: Int?
    var isOptional = false
}

/// A record of the table `meal_plans`.
@Table("meal_plans")
struct MealPlan: Hashable {
    /// Matches the pattern "^\\d{4}-\\d{2}-\\d{2}$".
    var date: String
    var mealType: MealType
    var recipeId: Reference<Recipe>
    var servings = 2
    var notes: String?

    /// What `mealType` may be. Another value, of a later version of the schema, is kept as it is.
    struct MealType: RawRepresentable, Codable, Hashable, Sendable, TextValue, RangeValue {
        var rawValue: String

        init(rawValue: String) { self.rawValue = rawValue }

        static let breakfast = MealType(rawValue: "breakfast")
        static let lunch = MealType(rawValue: "lunch")
        static let dinner = MealType(rawValue: "dinner")
        static let snack = MealType(rawValue: "snack")
    }
}

/// A record of the table `recipes`.
@Table("recipes")
struct Recipe: Hashable {
    /// From 1 to 200 characters.
    var title: String
    var description: String
    /// At least 0.
    var cookingTime: Int
    var difficulty: Difficulty
    /// At least 1.
    var servings: Int
    var category: String?
    var imageUrl: String?

    /// What `difficulty` may be. Another value, of a later version of the schema, is kept as it is.
    struct Difficulty: RawRepresentable, Codable, Hashable, Sendable, TextValue, RangeValue {
        var rawValue: String

        init(rawValue: String) { self.rawValue = rawValue }

        static let easy = Difficulty(rawValue: "easy")
        static let medium = Difficulty(rawValue: "medium")
        static let hard = Difficulty(rawValue: "hard")
    }
}

/// A record of the table `shopping_lists`.
@Table("shopping_lists")
struct ShoppingList: Table, Hashable {
    var name: String
    /// Matches the pattern "^\\d{4}-\\d{2}-\\d{2}$".
    var date: String?
    var items: [Item]
    var totalItems: Int?
    var checkedItems: Int?

    /// An object in `items`.
    @TableObject
    struct Item: Hashable {
        var name: String
        var amount: String
        var unit: String
        var checked = false
        var recipeId: Reference<Recipe>?
    }
}
