internal import Glibc
internal import Synchronization

/// Threads that run at the same time.
///
/// `DispatchQueue` would wait until the system has room for another thread.
public enum Threads {
    /// A thread that is to be joined.
    typealias Handle = pthread_t

    /// The work of one thread.
    private final class Share: Sendable {
        let work: @Sendable () -> Void

        init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }

    /// The number of threads that can run at once.
    public static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Calls `work` with 0 on the calling thread and with 1 to `helpers` on others; returns when all calls have
    /// returned.
    ///
    /// If the system allows no more threads, some calls are not made: `work` must be done by the calls that are made.
    public static func run(helpers: Int, _ work: @Sendable (Int) -> Void) {
        withoutActuallyEscaping(work) { work in
            let threads = (1..<helpers + 1).compactMap { index in start { work(index) } }
            work(0)
            threads.forEach(join)
        }
    }

    /// Calls `work` for each element, on as many threads as pay.
    ///
    /// - Parameters:
    ///   - elements: the elements, which threads take in turn.
    ///   - load: the number of elements for which another thread pays.
    ///   - start: what each thread starts with.
    ///   - work: what is done with an element and what its thread has.
    /// - Returns: what the threads have in the end.
    static func divide<Element: Sendable, Result: Sendable>(
        _ elements: [Element], load: Int, among start: Result, _ work: @Sendable (inout Result, Element) -> Void
    ) -> [Result] {
        let next = Atomic<Int>(0)
        let results = Mutex<[Result]>([])
        // A few at a time, so that threads rarely wait for each other, and end together.
        let batch = max(1, load / 5)
        let helpers = elements.count / load
        // The number of processors is read from a file.
        run(helpers: helpers == 0 ? 0 : min(processors - 1, helpers)) { _ in
            var result = start
            var first = next.add(batch, ordering: .relaxed).oldValue
            while first < elements.count {
                for element in elements[first...].prefix(batch) { work(&result, element) }
                first = next.add(batch, ordering: .relaxed).oldValue
            }
            results.withLock { $0.append(result) }
        }
        return results.withLock(\.self)
    }

    /// Starts a thread; `nil` if the system allows no more.
    static func start(_ work: @escaping @Sendable () -> Void) -> Handle? {
        var thread = Handle()
        let context = unsafe Unmanaged.passRetained(Share(work))
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Share>.fromOpaque(context).takeRetainedValue().work()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            unsafe context.release()
            return nil
        }
        return thread
    }

    /// Waits for the end of a thread.
    static func join(_ thread: Handle) { pthread_join(thread, nil) }
}
