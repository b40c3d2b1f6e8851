import ArgumentParser
import BkendServer
import Foundation

/// What files may take, and where their addresses lead.
struct FileOptions: ParsableArguments {
    @Option(help: "The largest file, and the largest part of one that comes in parts.")
    var fileLimit = SizeOption(bytes: ServerLimits().fileBytes)
    @Option(help: "The most bytes that the files of an environment may have together.")
    var storageLimit: SizeOption?
    @Option(help: "The most bytes that the files of one user may have together.")
    var userStorageLimit: SizeOption?
    @Option(
        help: ArgumentHelp(
            "Where clients reach this server, https://api.example.com; what each request says when left out.",
            valueName: "url"))
    var publicURL: String?
    @Option(
        help: ArgumentHelp(
            """
            Make pictures of this project public if they are uploaded without a visibility and never registered; may be \
            repeated.
            """, valueName: "project"))
    var publicUnregisteredImages: [String] = []

    @Option(
        help: ArgumentHelp(
            "The program that resizes pictures; bkend-images beside this one when left out, off for none.",
            valueName: "path"))
    var imageTransformer: String?
    @Option(help: "The most bytes that resized pictures may take on the disk.")
    var imageCache = SizeOption(bytes: 1 << 30)

    @Option(
        help: ArgumentHelp(
            "Keep files in a bucket of S3 or a compatible service, s3://BUCKET/PREFIX; the folder remembers it.",
            valueName: "address"))
    var files: String?
    @Option(
        name: .customLong("s3-endpoint"),
        help: ArgumentHelp(
            "The service, https://s3.example.com or https://{bucket}.s3.example.com; AWS when left out.",
            valueName: "url"))
    var endpoint: String?
    @Option(name: .customLong("s3-region"), help: "The bucket's region; us-east-1 when left out.")
    var region: String?
    @Option(
        name: .customLong("s3-credentials"),
        help: ArgumentHelp(
            """
            A file like ~/.aws/credentials, mode 0600; AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of \
            the environment when left out.
            """, valueName: "file"))
    var credentials: String?
    @Option(
        name: .customLong("s3-certificates"),
        help: ArgumentHelp("PEM certificates to trust for the service instead of the system's.", valueName: "file"))
    var certificates: String?
    @Flag(
        name: .customLong("s3-take-over"),
        help: "Take the place of another data folder that kept its files at that address, and doesn't run any more.")
    var takesOver = false

    func validate() throws {
        if let program = imageTransformer, program != "off", !Self.isProgram(program) {
            throw ValidationError("--image-transformer: \(program) is no program that can be run")
        }
        guard let publicURL else { return }
        guard let url = URLComponents(string: publicURL), ["http", "https"].contains(url.scheme), url.host != nil,
            url.query == nil, url.fragment == nil, url.user == nil
        else { throw ValidationError("--public-url is a URL with a host, and without query, fragment or password") }
    }

    private var imageProgram: String? {
        if let imageTransformer { return imageTransformer == "off" ? nil : imageTransformer }
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let program = own.deletingLastPathComponent().appending(path: "bkend-images").path
        return Self.isProgram(program) ? program : nil
    }

    private static func isProgram(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
            && access(path, X_OK) == 0
    }

    func apply(to configuration: inout ServerConfiguration) {
        configuration.limits.fileBytes = fileLimit.bytes
        configuration.limits.storageBytes = storageLimit?.bytes
        configuration.limits.storageBytesPerUser = userStorageLimit?.bytes
        configuration.images = imageProgram.map { ImageSettings(program: $0, cacheBytes: imageCache.bytes) }
        configuration.publicURL = publicURL.map { String($0.hasSuffix("/") ? $0.dropLast() : $0[...]) }
        configuration.publicUnregisteredImages = Set(publicUnregisteredImages)
        configuration.s3.address = files
        configuration.s3.endpoint = endpoint
        configuration.s3.region = region
        configuration.s3.credentials = credentials
        configuration.s3.certificates = certificates
        configuration.s3.takesOver = takesOver
    }
}
