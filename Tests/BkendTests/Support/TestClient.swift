import Bkend
import Logging

let testKey = "pk_" + String(repeating: "ab12", count: 16)

/// A client over a scripted transport, on a clock that never waits.
func testClient(
    _ transport: ScriptedTransport, options: ClientOptions = quietOptions(), clock: SkippingClock = SkippingClock()
) throws(BkendError) -> BkendClient {
    try BkendClient(
        url: "http://localhost:8420", key: testKey, options: options, transport: transport,
        pacing: Pacing(clock: clock))
}

func quietOptions() -> ClientOptions {
    ClientOptions(logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
}

/// A record as a server sends it.
func recordText(_ id: String = "677e00000000000000000001", _ fields: String = #""title":"Dune""#) -> String {
    let times = #""createdAt":"2025-01-08T00:00:00.000Z","updatedAt":"2025-01-09T12:30:00.250Z""#
    return #"{"id":"\#(id)","createdBy":"u1",\#(times)\#(fields.isEmpty ? "" : ",")\#(fields)}"#
}

func pageText(_ items: [String], total: Int? = nil, hasNext: Bool = false) -> String {
    let pagination = #"{"total":\#(total ?? items.count),"page":1,"limit":20,"hasNext":\#(hasNext)}"#
    return #"{"items":[\#(items.joined(separator: ","))],"pagination":\#(pagination)}"#
}

/// The error that a call throws; nil when it throws none.
func failure(
    _ body: () async throws(BkendError) -> some Any
) async -> BkendError? {
    do throws(BkendError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}
