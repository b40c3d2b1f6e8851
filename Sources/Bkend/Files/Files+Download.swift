public import Foundation

extension Files {
    /// Downloads a file to a place on this device, which is replaced when the bytes are complete.
    ///
    /// ```swift
    /// let download = client.files.download(file.id, to: folder.appending(path: "harbour.jpg"))
    /// _ = try await download.value
    /// ```
    ///
    /// A download that is interrupted goes on where it stopped, also in a later call for the same place: what it has lies
    /// beside it, in hidden files that end in `.part` and `.tag`. Two downloads of a file to one place can't run at once.
    ///
    /// - Parameters:
    ///   - id: the file's id.
    ///   - place: where the file is stored. Its folder must exist.
    ///   - deadline: how long the whole download may take; nil for as long as it makes progress.
    /// - Returns: the download, which has begun. Its value is the file's record.
    public func download(
        _ id: RemoteFile.ID, to place: URL, deadline: Duration? = nil
    ) -> FileTransfer<RemoteFile> {
        FileTransfer { [self] meter throws(BkendError) in
            let left = runner.stopwatch(CallOptions(deadline: deadline ?? .seconds(1 << 40)))
            return try await FileDownloading(files: self, id: id, place: place, meter: meter, left: left).run()
        }
    }

    /// A file's bytes in memory.
    ///
    /// - Parameters:
    ///   - id: the file's id.
    ///   - limit: the maximum number of bytes; by default what a response may have (`ClientOptions`).
    ///   - options: options for the requests.
    /// - Throws: `BkendError`; with a `transport` reason of kind `bodyTooLarge` if the file is larger than `limit`.
    public func data(
        _ id: RemoteFile.ID, limit: Int? = nil, options: CallOptions = .default
    ) async throws(BkendError) -> Data {
        let left = runner.stopwatch(options)
        let address = try await url(id, options: options)
        return try await runner.bytes(
            at: address.url, upTo: limit ?? runner.options.maximumResponseBytes, by: options.retry, deadline: left)
    }
}
