import Testing

@testable import BkendSync

@Suite struct NewestTests {
    @Test("A reader who was slow gets the newest value, once")
    func newest() async {
        let box = Newest<Int>()
        box.put(1)
        box.put(2)
        #expect(await box.next() == 2)
        box.put(3)
        #expect(await box.next() == 3)
    }

    @Test("What was not taken is merged into what came after")
    func merging() async {
        let box = Newest<[Int]> { $0 + $1 }
        for number in 1...3 { box.put([number]) }
        #expect(await box.next() == [1, 2, 3])
    }

    @Test("The end wakes the reader, and nothing comes after it")
    func end() async {
        let box = Newest<Int>()
        async let waiting = box.next()
        box.finish()
        #expect(await waiting == nil)
        box.put(1)
        #expect(await box.next() == nil)
    }

    @Test("A cancelled reader gets nil, whether it waits already or not, and another one can read on")
    func cancellation() async {
        let box = Newest<Int>()
        for _ in 0..<200 {
            let task = Task { await box.next() }
            task.cancel()
            #expect(await task.value == nil)
        }
        box.put(1)
        #expect(await box.next() == 1)
    }

    @Test("No value that was put last is missed, however put and next fall together", .timeLimit(.minutes(10)))
    func races() async {
        for _ in 0..<50 {
            let box = Newest<Int>()
            let reader = Task {
                var last = 0
                while last < 200, let value = await box.next() {
                    #expect(value > last)
                    last = value
                }
                return last
            }
            let writer = Task { for value in 1...200 { box.put(value) } }
            await writer.value
            #expect(await reader.value == 200)
        }
    }
}
