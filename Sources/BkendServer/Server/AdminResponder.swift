import BkendWire
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// Answers the admin port: `GET /metrics` for Prometheus, and `GET /health`. It has no keys, so it listens on loopback
/// unless told otherwise.
struct AdminResponder: HTTPResponder {
    typealias Context = APIResponder.Context

    let metrics: ServerMetrics
    let answers: AnswerBudget
    let environments: Environments

    func respond(to request: Request, context: Context) async throws -> Response {
        let path = (request.head.path ?? "/").prefix { $0 != "?" }
        guard request.method == .get || request.method == .head else {
            return answer(.methodNotAllowed, "only GET\n", isHead: false)
        }
        let isHead = request.method == .head
        switch path {
        case "/metrics":
            var out = Exposition()
            metrics.write(to: &out)
            answers.write(to: &out)
            environments.write(to: &out)
            ProcessMetrics.write(to: &out)
            return answer(.ok, out.text, type: "text/plain; version=0.0.4; charset=utf-8", isHead: isHead)
        case "/health":
            let isWell = environments.isWell
            let body: JSONObject = ["status": .string(isWell ? "ok" : "failing")]
            return answer(
                isWell ? .ok : .serviceUnavailable, body.description, type: "application/json; charset=utf-8",
                isHead: isHead)
        default: return answer(.notFound, "see /metrics and /health\n", isHead: isHead)
        }
    }

    private func answer(
        _ status: HTTPResponse.Status, _ text: String, type: String = "text/plain; charset=utf-8", isHead: Bool
    ) -> Response {
        let headers: HTTPFields = [.contentType: type, .contentLength: String(text.utf8.count)]
        return Response(
            status: status, headers: headers,
            body: isHead ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

extension AnswerBudget {
    /// How much of it is taken.
    fileprivate func write(to out: inout Exposition) {
        out.family("bkend_answer_bytes", .gauge, "Memory of large answers that are being built or not written yet.")
        out.sample("bkend_answer_bytes", [], used)
        out.family("bkend_answer_bytes_limit", .gauge, "The most memory that such answers may take.")
        out.sample("bkend_answer_bytes_limit", [], bytes)
        out.family("bkend_answers_refused_total", .counter, "Answers refused with 503 for want of that memory.")
        out.sample("bkend_answers_refused_total", [], refused)
    }
}

extension Environments {
    /// What lies in the open environments.
    fileprivate func write(to out: inout Exposition) {
        let open = all.sorted { $0.name.description < $1.name.description }
        func labels(_ name: EnvironmentName) -> [(String, String)] {
            [("project", name.project), ("environment", name.environment)]
        }
        out.family("bkend_tables", .gauge, "Tables of an environment that has been used since the start.")
        for (name, environment) in open {
            if let count = environment.store.tableCount { out.sample("bkend_tables", labels(name), count) }
        }
        out.family("bkend_dynamic_tables", .gauge, "Tables of an environment that --dynamic has made.")
        for (name, environment) in open {
            if let count = environment.store.dynamicTableCount {
                out.sample("bkend_dynamic_tables", labels(name), count)
            }
        }
        out.family("bkend_database_bytes", .gauge, "Size of an environment's database file, without its log.")
        for (name, environment) in open {
            out.sample("bkend_database_bytes", labels(name), environment.store.engine.size.bytes)
        }
        out.family("bkend_database_log_bytes", .gauge, "Size of an environment's write-ahead log.")
        for (name, environment) in open {
            out.sample("bkend_database_log_bytes", labels(name), environment.store.engine.size.log)
        }
    }

    /// Whether every open database answers.
    fileprivate var isWell: Bool { all.allSatisfy { $0.environment.store.tableCount != nil } }
}
