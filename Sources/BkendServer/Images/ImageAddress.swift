import BkendWire

/// What an image address asks for (rest-api.md §13): `/img/{options}/{key}`, where the options may be missing.
///
///     /img/fit-in/400x300/filters:quality(80):format(webp)/images/…/cat.png
///     /img/200x200/smart/images/…/cat.png
struct ImageAddress: Equatable {
    /// The path before the options.
    static let root = "/img/"

    /// How a picture is to look.
    struct Options: Hashable, Sendable {
        enum Format: String, CaseIterable, Sendable { case webp, jpeg, png }

        /// The most pixels of a side.
        static let mostPixels = 4_096

        /// The sides in pixels; 0 for one that follows from the other.
        var width = 0
        var height = 0
        /// Whether the picture is cut to fill both sides; else it fits in them whole.
        var isCut = false
        /// 1 to 100, for JPEG and WebP.
        var quality: Int?
        /// Nil for the original's own.
        var format: Format?
        /// The radius of a blur in pixels.
        var blur = 0

        /// Whether the original is what is asked for.
        var isOriginal: Bool { self == Options() }
    }

    let options: Options
    let key: FileKey

    /// What follows `/img/`, taken apart; nil when it holds no key.
    ///
    /// - Throws: `ErrorBody` with 400 for options that can't be.
    init?(_ path: String) throws(ErrorBody) {
        var rest = path.split(separator: "/", omittingEmptySubsequences: false)[...]
        var options = Options()
        let fits = rest.first == "fit-in"
        if fits { rest = rest.dropFirst() }
        if let size = rest.first, let (width, height) = try Self.size(size) {
            (options.width, options.height) = (width, height)
            rest = rest.dropFirst()
            if !fits, rest.first == "smart" { rest = rest.dropFirst() }
            options.isCut = !fits && width > 0 && height > 0
        } else if fits {
            throw Self.refusal("fit-in must be followed by WIDTHxHEIGHT")
        }
        if let filters = rest.first, filters.hasPrefix("filters:") {
            try options.apply(filters.dropFirst("filters:".count))
            rest = rest.dropFirst()
        }
        guard let key = FileKey(rest.joined(separator: "/")) else { return nil }
        self.options = options
        self.key = key
    }

    /// `400x300`; nil for what is no size.
    private static func size(_ text: Substring) throws(ErrorBody) -> (Int, Int)? {
        let halves = text.split(separator: "x", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } && !$0.isEmpty })
        else { return nil }
        let sides = halves.compactMap { Int($0) }
        guard sides.count == 2, sides.allSatisfy({ $0 <= Options.mostPixels }) else {
            throw refusal("a side of a picture has at most \(Options.mostPixels) pixels")
        }
        return (sides[0], sides[1])
    }

    fileprivate static func refusal(_ what: String) -> ErrorBody {
        .file(.fileInvalidFormat, "options", "format", "can't be used: \(what)")
    }
}

extension ImageAddress.Options {
    /// `quality(80):format(webp):blur(5)`
    fileprivate mutating func apply(_ filters: Substring) throws(ErrorBody) {
        for filter in filters.split(separator: ":", omittingEmptySubsequences: false) {
            let parts = filter.dropLast().split(separator: "(", maxSplits: 1, omittingEmptySubsequences: false)
            guard filter.last == ")", parts.count == 2 else {
                throw ImageAddress.refusal("\(String(filter.prefix(64))) is no filter")
            }
            let number = Int(parts[1])
            switch parts[0] {
            case "quality":
                guard let number, (1...100).contains(number) else {
                    throw ImageAddress.refusal("quality is a number from 1 to 100")
                }
                quality = number
            case "format":
                guard let format = Format(rawValue: parts[1] == "jpg" ? "jpeg" : String(parts[1])) else {
                    throw ImageAddress.refusal("format is webp, jpeg or png")
                }
                self.format = format
            case "blur":
                guard let number, (0...100).contains(number) else {
                    throw ImageAddress.refusal("blur is a number from 0 to 100")
                }
                blur = number
            default:
                throw ImageAddress.refusal(
                    "there is no filter \(String(parts[0].prefix(64))); there are quality, format, blur")
            }
        }
    }
}
