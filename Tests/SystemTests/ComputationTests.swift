import Synchronization
import System
import Testing

@Suite("Computations on another thread")
struct ComputationTests {
    @Test("The value is there however long it takes, and is computed once")
    func once() {
        let calls = Counter()
        let sum = Computation {
            calls.add()
            return (1...1_000_000).reduce(0, &+)
        }
        #expect(sum.value() == 500_000_500_000)
        #expect(sum.value() == 500_000_500_000)
        #expect(calls.count == 1)
    }

    @Test("More than the system has threads for are computed when they are needed")
    func many() {
        let computations = (0..<2_000).map { number in Computation { number } }
        #expect(computations.map { $0.value() } == Array(0..<2_000))
    }

    @Test("One whose value nobody asks for has ended when it is gone")
    func unused() {
        let (begun, ended) = (Counter(), Counter())
        for _ in 0..<100 {
            _ = Computation {
                begun.add()
                _ = (1...10_000).reduce(0, &+)
                ended.add()
            }
        }
        #expect(begun.count == ended.count)
    }
}

/// A number that several threads raise.
private final class Counter: Sendable {
    private let number = Mutex(0)
    var count: Int { number.withLock { $0 } }
    func add() { number.withLock { $0 += 1 } }
}
