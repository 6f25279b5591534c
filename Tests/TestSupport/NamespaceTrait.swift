internal import CLinux
internal import Foundation
internal import Glibc
public import Testing

/// Runs every job of a test on one thread that lives in a network namespace of its own.
///
/// The thread ends with the test, and the namespace with the thread: nothing leaks into other tests.
private final class NamespaceExecutor: TaskExecutor, @unchecked Sendable {
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []
    private var isFinished = false
    /// What `unshare` answered; `nil` until the thread has called it.
    private var outcome: Int32?

    /// Starts the thread.
    ///
    /// - Throws: `NamespaceUnavailable` when the system refuses a namespace.
    init() throws {
        Thread { [self] in
            let code = shim_unshare(shim_clone_newnet) == 0 ? 0 : errno
            condition.withLock {
                outcome = code
                condition.broadcast()
            }
            guard code == 0 else { return }
            while let job = next() { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
        }.start()
        let code = condition.withLock {
            while outcome == nil { condition.wait() }
            return outcome ?? 0
        }
        guard code == 0 else { throw NamespaceUnavailable(code: code) }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.withLock {
            jobs.append(job)
            condition.signal()
        }
    }

    func finish() {
        condition.withLock {
            isFinished = true
            condition.signal()
        }
    }

    private func next() -> UnownedJob? {
        condition.withLock {
            while jobs.isEmpty && !isFinished { condition.wait() }
            return jobs.isEmpty ? nil : jobs.removeFirst()
        }
    }
}

/// The system refused a network namespace.
private struct NamespaceUnavailable: Error {
    /// The error number.
    var code: Int32
}

/// Gives each test a network namespace, and a thread that is in it from the first line to the last.
public struct NamespaceTrait: TestTrait, SuiteTrait, TestScoping {
    /// Tests of a suite have a namespace each.
    public var isRecursive: Bool { true }

    /// Runs `function` in a fresh namespace.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        let executor = try NamespaceExecutor()
        defer { executor.finish() }
        try await withTaskExecutorPreference(executor) { try await function() }
    }
}

extension Trait where Self == NamespaceTrait {
    /// Runs each test in a network namespace of its own.
    public static var networkNamespace: Self { Self() }
}

/// Whether tests that need the kernel can run here.
public enum Privileges {
    /// The environment variable that turns a skipped test into a failed one.
    public static let requirement = "PORTREEVE_REQUIRE_PRIVILEGES"

    /// Whether such tests must run, be it to fail.
    public static var areRequired: Bool { ProcessInfo.processInfo.environment[requirement] == "1" }

    /// Whether a thread of this process can have a network namespace of its own.
    public static let areAvailable: Bool = (try? NamespaceExecutor().finish()) != nil
}

extension Trait where Self == ConditionTrait {
    /// Skips without CAP_SYS_ADMIN, and fails where `PORTREEVE_REQUIRE_PRIVILEGES=1` forbids to skip.
    public static var privileged: Self {
        .enabled(
            if: Privileges.areRequired || Privileges.areAvailable,
            "needs a network namespace: run as root, or under \"unshare -rn\"")
    }
}
