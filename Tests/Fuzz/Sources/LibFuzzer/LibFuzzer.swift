import Foundation

/// libFuzzer (https://llvm.org/docs/LibFuzzer.html), which finds inputs that reach new code.
package enum LibFuzzer {
    /// Tries inputs until the time that the arguments give it is over, and ends the process.
    package static func run(_ test: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt) -> Never {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(runDriver(&count, &arguments, test))
    }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt
