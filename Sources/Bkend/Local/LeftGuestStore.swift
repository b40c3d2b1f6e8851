public import BkendSync
import BkendWire
public import Foundation

/// The records that a guest wrote on this device and left behind, because a user signed in without taking them over.
///
/// Guests can't be told apart, so neither the next guest nor the next user sees these records. The app decides who owns
/// them.
public struct LeftGuestStore: Sendable, Identifiable {
    /// The store's number among the stores with the same folder and name.
    public var id: String { location.folder.split(separator: "/").last.map(String.init) ?? "" }
    /// The number of writes that wait in the store.
    public let writes: Int
    /// The time of the last write, by this device's clock.
    public let lastWrite: Date?
    let location: StoreLocation
}

extension BkendClient {
    /// The stores that guests left on this device, earliest first. Ask the signed-in user whether they are theirs.
    ///
    /// ```swift
    /// for left in try await client.leftGuestStores(at: folder) {
    ///     if isYours(left.writes, left.lastWrite) { try await store.takeOver(left) }
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - folder: the folder for the app's stores.
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

    /// Makes a left store the current guest's store: the next `openLocalStore` without a user opens it. A store that
    /// another guest has written to since is left behind in its place.
    ///
    /// - Throws: `StoreError`
    public func resume(_ left: LeftGuestStore) async throws(StoreError) {
        try await OpenStore.elsewhere { try left.location.resume() }
    }

    /// Deletes a left store. None of its writes are sent.
    ///
    /// - Throws: `StoreError`
    public func discard(_ left: LeftGuestStore) async throws(StoreError) {
        try await OpenStore.elsewhere { try left.location.discardLeft() }
    }
}
