import BkendTransport
import HTTPTypes
import Testing

struct TransportErrorTests {
    @Test(
        "Repeating is safe when nothing left or nothing can be done twice",
        arguments: [
            (TransportError.Delivery.notSent, Replay.never, true), (.notSent, .idempotent, true),
            (.mayHaveReachedServer, .never, false), (.mayHaveReachedServer, .idempotent, true),
            (.answered, .never, false), (.answered, .idempotent, true),
        ])
    func repeatingSafeWhen(
        delivery: TransportError.Delivery, replay: Replay, isSafe: Bool
    ) {
        let error = TransportError(kind: .connectionLost, delivery: delivery, replay: replay, reason: "test")
        #expect(error.isSafeToRetry == isSafe)
    }

    @Test("The text says what, where, why, how far and what to do")
    func textSaysWhat() {
        let error = TransportError(
            kind: .cannotConnect, delivery: .notSent, replay: .never, method: "POST",
            url: "http://127.0.0.1:1/v1/data?key=pk_0123456789", reason: "refused for sk_0123456789", underlyingCode: 7)
        #expect(
            error.description
                == "cannot-connect · POST http://127.0.0.1:1/v1/data · refused for sk_… (code 7) · the request "
                + "wasn't sent · check that the server is running and listening on that port")
    }

    @Test(
        "The method decides what may be repeated",
        arguments: [
            (HTTPRequest.Method.get, Replay.idempotent), (.delete, .idempotent), (.put, .idempotent),
            (.head, .idempotent),
            (.post, .never), (.patch, .never), (.connect, .never),
        ])
    func methodDecidesWhat(method: HTTPRequest.Method, replay: Replay) {
        #expect(Replay(method: method) == replay)
    }

    @Test("A body in memory is read once")
    func bodyMemoryRead() async throws {
        let body = ResponseBody([1, 2, 3])
        let first = try await body.collect(upTo: 3)
        #expect(first == [1, 2, 3])
        let second = try await body.collect(upTo: 3)
        #expect(second.isEmpty)
    }

    @Test("A body larger than the caller takes is an error")
    func bodyLargerThan() async throws {
        await #expect {
            try await ResponseBody([1, 2, 3]).collect(upTo: 2)
        } throws: { error in
            (error as? TransportError)?.kind == .bodyTooLarge
        }
    }
}
