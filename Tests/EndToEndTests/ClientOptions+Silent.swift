import Bkend
import Logging

extension ClientOptions {
    /// Tests use secret keys on purpose; the warning would only hide others.
    static var silent: ClientOptions {
        var options = ClientOptions()
        options.logger.logLevel = .error
        return options
    }
}
