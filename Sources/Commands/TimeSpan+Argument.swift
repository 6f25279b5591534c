public import ArgumentParser
public import Policies

extension TimeSpan: ExpressibleByArgument {
    /// The span that an argument spells.
    public init?(argument: String) { self.init(argument) }
}
