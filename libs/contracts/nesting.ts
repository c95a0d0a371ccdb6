import { z } from 'zod';

/** What becomes of objects inside records: `json`: one column of JSON; `flatten`: a column for each field inside, named by the keys with `__` between them. */
export const nestingSchema = z.enum(['json', 'flatten']);
export type Nesting = z.infer<typeof nestingSchema>;

/** How fields become names of columns: `keep` changes only what the destination refuses; `snake_case` makes small letters, digits and underscores of all. */
export const namingStyleSchema = z.enum(['keep', 'snake_case']);
export type NamingStyle = z.infer<typeof namingStyleSchema>;
