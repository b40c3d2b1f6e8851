import Foundation
import Testing

/// Unpacks an archive with the system's tar into a new folder of mode 0700.
func unpack(_ archive: String, to folder: String) async throws {
    try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let status = try await blocking {
        let tar = Process()
        tar.executableURL = URL(filePath: "/bin/tar")
        tar.arguments = ["xf", archive, "-C", folder]
        try tar.run()
        tar.waitUntilExit()
        return tar.terminationStatus
    }
    #expect(status == 0)
}
