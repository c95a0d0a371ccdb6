/** Word lists of the generator. What breaks naive loaders is in here on purpose: quotes, backslashes, COPY's own `\N` and `\.`, newlines, tabs, emoji. */
export const FIRST_NAMES = [
  'Aiko',
  'Björn',
  'Chloé',
  'Dmitri',
  'Esra',
  'Fatou',
  'Gustav',
  'Hồng',
  'Inés',
  "Jo'an",
  'Kofi',
  'Łucja',
  'Mei',
  'Noor',
] as const;

export const LAST_NAMES = [
  'Abebe',
  'Brückner',
  "O'Connor",
  'García',
  'Haugen',
  'Ivanova',
  'Kowalski',
  'Müller',
  'Nakamura',
  'Okafor',
  'Şahin',
  '山田',
] as const;

export const CITIES = [
  'Bergen',
  'Córdoba',
  'Düsseldorf',
  'Göteborg',
  'Kraków',
  '東京',
  'Nairobi',
  'Perth',
  'Québec',
  'Tromsø',
] as const;

export const STREETS = ['Alte "Post"', 'Bridge Rd', 'Canal St', 'Dock \\ Pier', 'Elm Ave', 'Fjordgata'] as const;

export const TAGS = ['b2b', 'b2c', 'eu', 'gift', 'new', 'returned', 'vip', 'wholesale'] as const;

export const ORDER_STATUSES = ['pending', 'paid', 'packed', 'shipped', 'delivered', 'refunded'] as const;

export const EVENT_TYPES = [
  'cart.updated',
  'checkout.started',
  'page.viewed',
  'payment.failed',
  'payment.settled',
  'search.made',
] as const;

export const PRODUCT_NAMES = [
  'Anvil',
  'Bücherregal',
  'Café crème',
  'Desk 24"',
  'Espresso cup',
  'Futon 布団',
  'Gift 🎁 box',
  'Hammer\tset',
] as const;

export const NOTES = [
  null,
  '',
  'leave at the door',
  'first line\nsecond line',
  'tab\there',
  'C:\\temp\\new',
  'she said "yes"',
  "it's fine",
  'Grüße aus Köln',
  '日本語の注文',
  'party 🎉 for 👩‍💻',
  '\\N',
  '\\.',
  'NULL',
  ' padded ',
  '{"json": [1, "two"]}',
  'carriage\r\nreturn',
  '100 % {{ not a template }}; -- DROP',
] as const;
