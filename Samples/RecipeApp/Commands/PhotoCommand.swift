import ArgumentParser
import Bkend
import Foundation
import SampleDevice

struct PhotoCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "photo", abstract: "Gives a recipe a picture, or saves the one that it has.")
    @Argument(help: "The recipe's title.") var title: String
    @Argument(help: "A file with the picture.", completion: .file()) var picture: String?
    @Option(help: "Where to save the recipe's picture.", completion: .file()) var save: String?
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        let recipe = try await device.recipe(title)
        if let picture {
            let file = try await device.store.files.attach(URL(filePath: picture), visibility: .public)
            // The file's address is a local one as yet. The recipe is sent after the file, with the server's in its place.
            try await device.recipes.update(recipe) { $0.imageUrl = file.url }
            say("\(title) has a picture: \(file.name), \(file.size) bytes\(file.state.mark)")
        }
        if let save {
            guard let address = try await device.recipe(title).imageUrl else {
                throw SampleError("\(title) has no picture")
            }
            // Recipes are kept with their pictures (see `sync`), so no network is needed.
            let bytes = try await device.store.files.data(address)
            try bytes.write(to: URL(filePath: save))
            say("\(save): \(bytes.count) bytes")
        }
    }
}
