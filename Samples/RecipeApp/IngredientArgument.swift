import ArgumentParser

/// An ingredient as it is given on the command line: `flour:200:g`.
struct IngredientArgument: ExpressibleByArgument {
    let name: String
    let amount: String
    let unit: String

    init?(argument: String) {
        let parts = argument.split(separator: ":").map(String.init)
        guard parts.count == 3 else { return nil }
        (name, amount, unit) = (parts[0], parts[1], parts[2])
    }
}
