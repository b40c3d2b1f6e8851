import ArgumentParser
import Bkend
import SampleDevice

struct ShopCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "shop", abstract: "Shows a shopping list, or makes one for the meals of a week.")
    @Argument(help: "What the list is called.") var name: String
    @Option(help: "The first of the seven days to shop for; makes the list.") var week: Day?
    @Option(help: "Something else to buy, as name:amount:unit. May be repeated.") var add: [IngredientArgument] = []
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        if let week {
            var list = ShoppingList(name: name, date: week.text, items: [])
            list.setItems(try await items(for: device.week(week), on: device))
            try await device.shoppingLists.upsert(list, by: \.name)
        }
        let more = add.map { ShoppingList.Item(name: $0.name, amount: $0.amount, unit: $0.unit) }
        let list = try await device.shoppingLists.update(device.shoppingList(name).id) { list in
            list.setItems(list.items + more)
        }
        for item in list.items { say("[\(item.checked ? "x" : " ")] \(item.amount) \(item.unit) \(item.name)") }
        say("\(list.checkedItems ?? 0) of \(list.totalItems ?? 0)\(list.syncState.mark)")
    }

    private func items(for plans: [Record<MealPlan>], on device: Device) async throws -> [ShoppingList.Item] {
        var items: [ShoppingList.Item] = []
        for plan in plans {
            for part in try await device.ingredients(of: plan.recipeId) {
                items.append(
                    ShoppingList.Item(name: part.name, amount: part.amount, unit: part.unit, recipeId: plan.recipeId))
            }
        }
        return items
    }
}

struct BuyCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "buy", abstract: "Ticks something off a shopping list.")
    @Argument(help: "What the list is called.") var name: String
    @Argument(help: "What was bought.") var item: String
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        try await device.shoppingLists.update(device.shoppingList(name).id) { list in
            list.setItems(
                list.items.map { present in
                    var present = present
                    if present.name == item { present.checked = true }
                    return present
                })
        }
    }
}

extension Device {
    /// A shopping list by its name.
    func shoppingList(_ name: String) async throws -> Record<ShoppingList> {
        guard let list = try await shoppingLists.where({ $0.name == name }).first() else {
            throw SampleError("there is no shopping list \(name): make one with --week")
        }
        return list
    }
}
