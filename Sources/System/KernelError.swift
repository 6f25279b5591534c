internal import Glibc

/// Why the kernel did not do what it was asked.
public struct KernelError: Error, Hashable, Sendable {
    /// What kind of trouble it is: decides the exit status and the advice.
    public enum Category: Hashable, Sendable {
        /// The process lacks CAP_NET_ADMIN (or CAP_SYS_ADMIN, for a namespace).
        case permission
        /// The kernel has no nf_tables, or not this part of it.
        case unsupported
        /// Somebody else committed after the snapshot; nothing was changed.
        case generationChanged
        /// The kernel refused a message of the batch; nothing was changed.
        case rejected
        /// The ruleset kept changing while it was read.
        case interrupted
        /// Something that was named does not exist.
        case missing
        /// Anything else between this process and the kernel: what is live must be read again.
        case io
    }

    /// What kind of trouble it is.
    public var category: Category
    /// What was attempted, and on what: `adding a rule to chain "input" of table inet portreeve`.
    public var attempt: String
    /// The error number of `errno.h`; 0 when the trouble is not the system's.
    public var code: Int32
    /// What the kernel said beside the number, or what was found amiss.
    public var answer: String?
    /// What to do about it.
    public var advice: String?

    /// An error of these parts; the advice is the category's own unless another is given.
    public init(
        _ category: Category, _ attempt: String, code: Int32 = 0, answer: String? = nil, advice: String? = nil
    ) {
        self.category = category
        self.attempt = attempt
        self.code = code
        self.answer = answer
        self.advice = advice ?? category.advice
    }
}

extension KernelError {
    /// Whether another program changed the ruleset meanwhile, and nothing was written.
    public var isStale: Bool { category == .generationChanged || category == .interrupted }

    /// Whether the process lacks the privilege.
    public var isDenied: Bool { category == .permission }
}

extension KernelError: CustomStringConvertible {
    /// One sentence: what was attempted, on what, what the system answered, what to do.
    public var description: String {
        let number = code == 0 ? nil : Self.text(of: code)
        let said = [number, answer].compactMap(\.self).joined(separator: ": ")
        return [attempt, said].filter { !$0.isEmpty }.joined(separator: ": ") + (advice.map { "; \($0)" } ?? "")
    }

    /// The system's sentence for an error number, in lower case.
    private static func text(of code: Int32) -> String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        let sentence = unsafe String(cString: text)
        return sentence.prefix(1).lowercased() + sentence.dropFirst()
    }
}

extension KernelError.Category {
    fileprivate var advice: String? {
        switch self {
        case .permission: "run as root, or with CAP_NET_ADMIN"
        case .unsupported: "a kernel with nf_tables (CONFIG_NF_TABLES) is needed"
        case .generationChanged: "read it and plan again"
        case .interrupted: "find out what keeps changing it, and try again"
        case .rejected, .missing, .io: nil
        }
    }
}
