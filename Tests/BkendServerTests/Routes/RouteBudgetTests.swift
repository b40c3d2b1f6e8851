import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// The table of docs/budgets.md is the one of the code, for the default limits.
struct RouteBudgetTests {
    @Test("docs/budgets.md shows each route's budget") func document() throws {
        let file = URL(filePath: #filePath).resolvingSymlinksInPath().appending(path: "../../../../docs/budgets.md")
        let text = try String(contentsOf: file.standardized, encoding: .utf8)
        let rows = Route.all.map(Self.row)
        let shown = text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("| `") && $0.contains(" /") }
        #expect(shown == rows, "replace the table by:\n\(rows.joined(separator: "\n"))")
    }

    @Test("Every route has a budget, and no budget is without a bound") func all() {
        for route in Route.all {
            let budget = route.budget(ServerLimits())
            #expect(budget.answerBytes > 0 && budget.answerBytes < 1 << 28, "\(route.pattern)")
            #expect(budget.memoryBytes > 0 && budget.memoryBytes < 1 << 30, "\(route.pattern)")
            // What is larger goes to the disk while it comes, and a pause ends it.
            let isStreamed = route.deadline(ServerLimits()) == .progress
            #expect(budget.bodyBytes <= ServerLimits().bodyBytes || isStreamed, "\(route.pattern)")
        }
    }

    private static func row(_ route: Route) -> String {
        let limits = ServerLimits()
        let budget = route.budget(limits)
        let time =
            switch route.deadline(limits) {
            case .whole(let seconds): budget.bodyBytes > 0 ? "\(seconds) s" : "–"
            case .progress: "progress"
            case .none: "none"
            }
        let queues = budget.queues.isEmpty ? "–" : budget.queues.map(\.rawValue).joined(separator: ", ")
        return [
            "", "`\(route.method) \(route.pattern)`", size(budget.bodyBytes), time, size(budget.answerBytes),
            size(budget.memoryBytes), queues, size(budget.writtenBytes), "",
        ].joined(separator: " | ").trimmingCharacters(in: .whitespaces)
    }

    private static func size(_ bytes: Int) -> String {
        if bytes == 0 { return "–" }
        return bytes < 1 << 20 ? "\((bytes + 1_023) >> 10) KiB" : "\((bytes + (1 << 20) - 1) >> 20) MiB"
    }
}
