import Foundation

/// A thread for work that may take long while others must not wait: passwords to be hashed, slow queries. Where all
/// processors are busy the system gives it less time than the threads that serve connections.
///
/// Whoever starts such work bounds how much of it runs at once (`FairLine`); a thread costs some ten microseconds.
package enum PatientThread {
    /// Runs work on a thread of its own.
    ///
    /// - Parameter niceness: how far to stand back, 1 to 19 (setpriority(2)). On Linux it belongs to the thread.
    package static func run<Result>(
        niceness: Int32, _ work: @escaping @Sendable () throws -> sending Result
    ) async throws -> sending Result {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                // A system that refuses leaves the thread as it is.
                setpriority(Int32(PRIO_PROCESS.rawValue), 0, niceness)
                do { continuation.resume(returning: try work()) } catch { continuation.resume(throwing: error) }
            }
            thread.start()
        }
    }
}
