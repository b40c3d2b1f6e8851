#if Server
import BkendWire
import Foundation
import RouteFuzz
import Testing

@testable import BkendServer

/// The table of docs/budgets.md is the one of the code, for the default limits.
struct RouteBudgetTests {
    @Test("docs/budgets.md shows each route's budget") func document() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../docs/budgets.md")
        let text = try String(contentsOf: file.standardized, encoding: .utf8)
        let rows = FuzzedRoute.all.map { Self.row($0.method, $0.pattern) }
        let missing = rows.filter { !text.contains($0 + "\n") }
        #expect(missing == [], "replace the table by:\n\(rows.joined(separator: "\n"))")
    }

    @Test("Every route has a budget, and no budget is without a bound") func all() {
        for route in FuzzedRoute.all {
            let budget = RouteBudget.of(route.pattern, route.method, ServerLimits())
            #expect(budget.answerBytes > 0 && budget.answerBytes < 1 << 28, "\(route)")
            #expect(budget.memoryBytes > 0 && budget.memoryBytes < 1 << 30, "\(route)")
            #expect(budget.bodyBytes <= ServerLimits().bodyBytes, "\(route)")
        }
    }

    private static func row(_ method: String, _ pattern: String) -> String {
        let limits = ServerLimits()
        let budget = RouteBudget.of(pattern, method, limits)
        let path = pattern.replacing(":table", with: "table")
        let deadline = (try? Route(path: path.utf8).deadline(under: limits)) ?? .whole(seconds: 0)
        let time =
            switch deadline {
            case .whole(let seconds): budget.bodyBytes > 0 ? "\(seconds) s" : "–"
            case .progress: "progress"
            case .none: "none"
            }
        let queues = budget.queues.isEmpty ? "–" : budget.queues.map(\.rawValue).joined(separator: ", ")
        return [
            "", "`\(method) \(pattern)`", size(budget.bodyBytes), time, size(budget.answerBytes),
            size(budget.memoryBytes), queues, size(budget.writtenBytes), "",
        ].joined(separator: " | ").trimmingCharacters(in: .whitespaces)
    }

    private static func size(_ bytes: Int) -> String {
        if bytes == 0 { return "–" }
        return bytes < 1 << 20 ? "\((bytes + 1_023) >> 10) KiB" : "\((bytes + (1 << 20) - 1) >> 20) MiB"
    }
}
#endif
