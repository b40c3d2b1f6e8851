import Foundation

/// Standard output, line by line: a run that is stopped has said what it found.
enum Output {
    static func line(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
}
