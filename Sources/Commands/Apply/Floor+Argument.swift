public import ArgumentParser
public import Changes

extension Floor: ExpressibleByArgument {}
