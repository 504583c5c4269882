import "server-only";
import { betterAuth } from "better-auth";
import { createAdapterFactory, type CleanedWhere } from "better-auth/adapters";
import { nextCookies } from "better-auth/next-js";
import { storage } from "./backend";

/** better-auth's storage, kept by the backend: the frontend may reach nothing else. */
const adapter = createAdapterFactory({
  config: {
    adapterId: "todo-backend",
    supportsDates: false, // they travel as ISO 8601 text
    supportsNumericIds: false,
    supportsJSON: false,
  },
  adapter: () => ({
    create: ({ model, data }) => storage({ op: "create", model, data }),
    findOne: ({ model, where }) => storage({ op: "findOne", model, where }),
    findMany: ({ model, where, limit, offset, sortBy }) =>
      storage({ op: "findMany", model, where, limit, offset, sortBy }),
    count: ({ model, where }) => storage({ op: "count", model, where }),
    update: ({ model, where, update }) => storage({ op: "update", model, where, data: update }),
    updateMany: ({ model, where, update }) => storage({ op: "updateMany", model, where, data: update }),
    delete: ({ model, where }: { model: string; where: CleanedWhere[] }) => storage({ op: "delete", model, where }),
    deleteMany: ({ model, where }) => storage({ op: "deleteMany", model, where }),
    consumeOne: ({ model, where }) => storage({ op: "consumeOne", model, where }),
  }),
});

function create(baseURL: string) {
  const secret = process.env.BETTER_AUTH_SECRET ?? "";
  if (secret.length < 32) throw new Error("BETTER_AUTH_SECRET must be set to at least 32 characters");
  return betterAuth({
    appName: "Todo",
    secret,
    baseURL, // also the one origin whose requests are taken, and https there makes cookies secure
    database: adapter,
    emailAndPassword: { enabled: true, minPasswordLength: 8 },
    advanced: { trustedProxyHeaders: true },
    // Behind a Service many users may share one address.
    rateLimit: {
      window: 10,
      max: 300,
      customRules: {
        "/sign-in/email": { window: 60, max: 60 },
        "/sign-up/email": { window: 60, max: 60 },
      },
    },
    telemetry: { enabled: false },
    plugins: [nextCookies()],
  });
}

const MAX_ORIGINS = 16;
const instances = new Map<string, ReturnType<typeof create>>();

/** The address that the browser used, where no public one is configured. */
function origin(headers: Headers) {
  const protocol = headers.get("x-forwarded-proto")?.split(",")[0] === "https" ? "https" : "http";
  try {
    return new URL(`${protocol}://${headers.get("host")}`).origin;
  } catch {
    return "http://localhost:3000";
  }
}

/** Made at first use, since a build has no secret; one for each origin, so that none trusts another. */
export function auth(headers: Headers) {
  const baseURL = process.env.BETTER_AUTH_URL || origin(headers);
  let instance = instances.get(baseURL);
  if (!instance) {
    if (instances.size >= MAX_ORIGINS) instances.delete(instances.keys().next().value!);
    instances.set(baseURL, (instance = create(baseURL)));
  }
  return instance;
}
