import ArgumentParser
import Bkend
import SampleDevice

struct SyncCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Sends what waits, fetches what is new, and ends.")
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        try await device.store.subscribe(to: device.recipes, keepingFiles: \.imageUrl)
        try await device.store.subscribe(to: device.ingredients)
        try await device.store.subscribe(to: device.mealPlans)
        try await device.store.subscribe(to: device.shoppingLists)
        try await device.store.subscribe(to: device.cookingLogs)
        var options = SyncOptions()
        // Two people tick things off one list: neither loses what the other has done.
        options.conflictsByTable[ShoppingList.tableName] = .mergeRecord { before, mine, theirs in
            ShoppingList.merging(before, mine, theirs)
        }
        try await device.sync(options)
    }
}

struct SeedCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed", abstract: "Adds recipes to try the book with. No network is needed.")
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        let recipes = [
            ("Pancakes", 20, "Whisk, rest, fry.", ["flour:200:g", "milk:300:ml", "egg:2:pcs"]),
            ("Lentil soup", 35, "Simmer until soft.", ["lentils:250:g", "carrot:2:pcs", "cumin:1:tsp"]),
            ("Tomato pasta", 25, "Cook the pasta, then the sauce.", ["pasta:200:g", "tomato:4:pcs", "basil:1:bunch"]),
            ("Bread", 180, "Knead, wait, bake.", ["flour:500:g", "yeast:7:g", "salt:10:g"]),
        ]
        let progress = Progress("recipes")
        for (index, (title, minutes, description, parts)) in recipes.enumerated() {
            let recipe = Recipe(
                title: title, description: description, cookingTime: minutes, difficulty: minutes > 60 ? .hard : .easy,
                servings: 2)
            try await device.add(recipe, needing: parts.compactMap(IngredientArgument.init))
            progress.show(index + 1, of: recipes.count)
        }
        progress.clear()
        say("\(counted(recipes.count, "recipe")) added")
    }
}
