import BkendServerCommand

/// The server's command by itself.
@main
struct Main {
    static func main() async { await BkendServerCommand.main() }
}
