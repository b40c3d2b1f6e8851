import BkendCommand
import BkendServerCommand

/// Both commands in one executable, since each would bring Foundation with it. Under the name `bkend-server`, by a link for
/// example, it is the server's command; under any other name it is `bkend`.
@main
struct Main {
    static func main() async {
        let name = CommandLine.arguments.first?.split(separator: "/").last
        if name == "bkend-server" { await BkendServerCommand.main() } else { await BkendCommand.main() }
    }
}
