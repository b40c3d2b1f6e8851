public import BkendSync
import BkendWire
public import Foundation

/// What a guest wrote on this device and left when somebody signed in without taking it over.
///
/// Nobody can tell one guest from another, so nobody sees it: neither the next guest nor whoever signs up next. The app
/// says whose it is.
public struct LeftGuestStore: Sendable, Identifiable {
    /// Its number among the stores of one folder and name.
    public var id: String { location.folder.split(separator: "/").last.map(String.init) ?? "" }
    /// How many writes wait in it.
    public let writes: Int
    /// When the last of them was made, by this device's clock.
    public let lastWrite: Date?
    let location: StoreLocation
}

extension BkendClient {
    /// What guests have left on this device, the earliest first: ask whoever has signed in whether it is theirs.
    ///
    /// ```swift
    /// for left in try await client.leftGuestStores(at: folder) {
    ///     if isYours(left.writes, left.lastWrite) { try await store.takeOver(left) }
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - folder: where the app keeps its stores.
    ///   - name: the stores' name.
    /// - Throws: `StoreError`
    public func leftGuestStores(
        at folder: URL, name: String = "main"
    ) async throws(StoreError) -> [LeftGuestStore] {
        let root = folder.path(percentEncoded: false)
        return try await OpenStore.elsewhere {
            try StoreLocation.left(root: root, name: name).map { left in
                let date = left.lastWrite.map { Date(timeIntervalSince1970: Double($0.milliseconds) / 1_000) }
                return LeftGuestStore(writes: left.writes, lastWrite: date, location: left.location)
            }
        }
    }

    /// Makes what a guest has left the store of the present guest: the next `openLocalStore` without a user opens it. What
    /// another guest has written since is left in its place.
    ///
    /// - Throws: `StoreError`
    public func resume(_ left: LeftGuestStore) async throws(StoreError) {
        try await OpenStore.elsewhere { try left.location.resume() }
    }

    /// Gives up what a guest has left: none of it is sent, and it is gone.
    ///
    /// - Throws: `StoreError`
    public func discard(_ left: LeftGuestStore) async throws(StoreError) {
        try await OpenStore.elsewhere { try left.location.discardLeft() }
    }
}
