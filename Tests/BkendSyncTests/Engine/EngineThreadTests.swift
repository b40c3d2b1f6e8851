import ChildProcesses
import Foundation
import Testing

@Suite(.timeLimit(.minutes(10))) struct EngineThreadTests {
    @Test("While engines' transactions, or the closing of stores, are held up, other tasks go on")
    func heldUp() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let lines = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        var process = try ChildProcess(ChildProcess.built("StoreProcess"), ["threads", folder])
                        var lines: [String] = []
                        while let told = process.lines() { lines += told }
                        #expect(process.reap() == 0)
                        return lines
                    })
            }
        }
        #expect(lines == ["go on", "go on"])
    }
}
