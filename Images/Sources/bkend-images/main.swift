import CPicture
import Glibc

// Resizes one picture: from standard input to standard output. bkend-server starts it for each picture that it hasn't in its
// cache, so that a fault in the reading of a stranger's file ends this process and nothing else.
//
//     bkend-images WIDTH HEIGHT fit|cut jpeg|png|webp QUALITY BLUR <cat.jpg >small.webp
//
// Exit status: 0 done, 64 wrong arguments, 65 the input is no picture that can be read, or too large a one, 70 anything else.

private func end(_ status: Int32, _ message: String) -> Never {
    let line = Array("bkend-images: \(message)\n".utf8)
    _ = write(2, line, line.count)
    exit(status)
}

private let arguments = CommandLine.arguments.dropFirst()
private let usage = "usage: bkend-images WIDTH HEIGHT fit|cut jpeg|png|webp QUALITY BLUR <in >out"
private let formats = ["jpeg": PICTURE_JPEG, "png": PICTURE_PNG, "webp": PICTURE_WEBP]
private let numbers = [1, 2, 5, 6].map { $0 <= arguments.count ? Int32(arguments[$0]) ?? -1 : -1 }
guard arguments.count == 6, numbers.allSatisfy({ (0...10_000).contains($0) }), (1...100).contains(numbers[2]),
    ["fit", "cut"].contains(arguments[3]), let format = formats[arguments[4]]
else { end(64, usage) }

private var options = picture_options()
options.width = numbers[0]
options.height = numbers[1]
options.is_cut = arguments[3] == "cut" ? 1 : 0
options.format = format
options.quality = numbers[2]
options.blur = numbers[3]
options.most_pixels = 50_000_000

// 1 GiB of addresses, 10 s of work, 64 MiB written.
guard picture_confine(1 << 30, 10, 64 << 20) == 0 else { end(70, "can't limit itself") }
guard picture_start(CommandLine.arguments[0]) == 0 else { end(70, "libvips doesn't start") }
private var message = [CChar](repeating: 0, count: 512)
private let size = message.count
private let result = picture_convert(0, 1, &options, &message, size)
guard result == 0 else {
    let reason = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    end(result == -1 ? 65 : 70, String(decoding: reason, as: UTF8.self))
}
