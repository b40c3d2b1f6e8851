import BkendServer
import BkendWire

/// The keys of a new environment, shown once.
enum NewKeys {
    static func json(_ created: DataFolder.Created) -> JSONObject {
        [
            "project": .string(created.name.project), "environment": .string(created.name.environment),
            "publishableKey": .string(created.publishableKey), "secretKey": .string(created.secretKey),
        ]
    }

    static func show(_ created: DataFolder.Created, asJSON: Bool) {
        if asJSON { return StandardOutput.json(json(created)) }
        StandardOutput.line("environment      \(created.name)")
        StandardOutput.line("publishable key  \(created.publishableKey)")
        StandardOutput.line("secret key       \(created.secretKey)  (shown this once)")
    }
}
