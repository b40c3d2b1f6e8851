import ArgumentParser
import BkendServer
import Foundation

/// The data folder that a command is about, and the form of what it prints.
struct FolderOptions: ParsableArguments {
    @Argument(help: "The data folder.")
    var directory: String
    @Flag(help: "Print JSON: one object or one array.")
    var json = false

    func open() throws -> DataFolder { try DataFolder.open(at: directory) }
}

/// The environment that a command is about.
struct EnvironmentOptions: ParsableArguments {
    @Option(help: "The project; may be left out when the folder has one.")
    var project: String?
    @Option(help: "The environment.")
    var env = EnvironmentName.defaultEnvironment

    func name(in folder: DataFolder) throws -> EnvironmentName {
        try folder.control.environment(project: project, environment: env)
    }

    /// The environment, opened.
    func store(in folder: DataFolder) throws -> EnvironmentStore { try folder.store(of: name(in: folder)) }
}
