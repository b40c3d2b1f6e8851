import ArgumentParser
import BkendAccounts
import BkendServer

/// How accounts work.
struct AccountOptions: ParsableArguments {
    @Option(help: "The fewest characters of a new password.")
    var passwordLength = 6
    @Flag(help: "New passwords need lower and upper case, a digit and a symbol.")
    var strongPasswords = false
    @Option(help: "Failed sign-ins of one client at one address.")
    var signInLimit = RateOption.limit(10, perSeconds: 600)
    @Option(help: "Sign-ups of one client.")
    var signUpLimit = RateOption.limit(50, perSeconds: 600)
    @Option(help: "Refreshes of one client.")
    var refreshLimit = RateOption.limit(120, perSeconds: 60)
    @Option(
        help: ArgumentHelp(
            """
            Seconds after its use in which a refresh token gets its successors again, and tell clients that they may \
            count on it; 0 to 60, 0 for never. 10 and untold when left out. All servers of an address need the same.
            """, valueName: "seconds"))
    var refreshGrace: Int?
    @Option(help: "The sender of mails.")
    var mailSender = "no-reply@localhost"
    @Option(
        help: ArgumentHelp("The page that takes a new password; {token} and {email} are replaced.", valueName: "url"))
    var resetLink: String?

    func validate() throws {
        guard (1...128).contains(passwordLength) else {
            throw ValidationError("--password-length is a number from 1 to 128")
        }
        if let refreshGrace, !(0...60).contains(refreshGrace) {
            throw ValidationError("--refresh-grace is a number of seconds from 0 to 60")
        }
    }

    func apply(to configuration: inout ServerConfiguration) {
        configuration.passwordPolicy.minimumLength = passwordLength
        configuration.passwordPolicy.needsBothCases = strongPasswords
        configuration.passwordPolicy.needsDigit = strongPasswords
        configuration.passwordPolicy.needsSymbol = strongPasswords
        configuration.accountLimits.signInPerClientAndAddress = signInLimit.limit
        // Off means off: the other limits of sign-ins would refuse as well.
        if signInLimit.limit == nil {
            configuration.accountLimits.signInPerClient = nil
            configuration.accountLimits.signInPerAddress = nil
        }
        configuration.accountLimits.signUpPerClient = signUpLimit.limit
        configuration.accountLimits.refreshPerClient = refreshLimit.limit
        if let refreshGrace {
            configuration.refreshGraceSeconds = refreshGrace
            configuration.announcesRefreshGrace = refreshGrace > 0
        }
        configuration.mail.sender = mailSender
        configuration.mail.resetLink = resetLink
    }
}
